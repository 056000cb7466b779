/** TypeScript's Node10 resolution does not read `exports` of packages; Node does. */
declare module 'graphql-ws/use/ws' {
  export { useServer } from 'graphql-ws/dist/use/ws';
}
