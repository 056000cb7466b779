/** For those above the stores: which failures are a value's fault. */
export { refusedValue } from '../stores/failures';
