/** Which columns of a source `loadTable` reads, and as what. */
export interface LogColumns {
  readonly user?: string;
  readonly item?: string;
  readonly time?: string;
  readonly label?: string;
  readonly type?: string;
  readonly fields: readonly { readonly name: string; readonly column: string; readonly kind: "category" | "number" }[];
}
