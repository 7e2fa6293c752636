/** Views over all of a linear memory: `f32[p / 4]` is the float at byte offset p (not `p >> 2`: offsets pass 2 GiB). */
export interface Views {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
}
