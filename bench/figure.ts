/** One measured figure. `peer` is the same work done by the limit or the rival in the same run; `ratio` is value / peer. */
export interface Figure {
  bench: string;
  figure: string;
  value: number;
  unit: string;
  peer?: number;
  ratio?: number;
}
