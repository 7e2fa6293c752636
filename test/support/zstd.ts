/** A file of zstd, which Node 20 cannot make: `zstd -19` of `ZSTD_CSV`, with its sum of the content. */
export const ZSTD = Buffer.from(
  "KLUv/WQ/Jo0EAHKHExCw63xhi2E0sqWUUi67Uy4GfiFjNfFuv5Cxmni3X8hYTbzbL2SsJt7tFzJWE+/2CxmriXf7WI58eFc1E/Hut8eFQzoM" +
    "CQd1VgOLIWFQC1qoIeQu+x2QrSxrIggkCUYIrgnW3/9/A6b/eFqAxZPUuAwZJjWjg8zoDB0yMOzMKt5UcKcVvHHJgJeYKioAogYtPfEu",
  "base64",
);
export const ZSTD_CSV = [
  "uid,iid,ts",
  ...Array.from({ length: 400 }, (_, i) => `user ${i % 7},item ${i % 11},1700000000`),
  "",
].join("\n");
