/** Values of every error of the catalogue, as they might occur. The type demands one for each code. */
import type { Code, ValuesOf } from "../../src/errors/catalogue/catalogue.ts";

type Samples = { readonly [C in Code]: readonly ValuesOf<C>[] };

export const samples: Samples = {
  "file.absent": [{ action: "read", path: "log.csv" }],
  "file.denied": [{ action: "read", path: "log.csv", reason: "permission denied" }],
  "file.disk-full": [{ action: "write", path: "out/train.parquet", reason: "no space left on device" }],
  "file.unusable": [{ action: "read", path: "log", reason: "it is a folder" }],
  "file.not-json": [
    { path: "model.json", reason: "Unexpected end of JSON input" },
    { path: "requests.ndjson", line: 7, reason: "Unexpected end of JSON input" },
  ],
  "file.empty": [{ path: "reviews.json" }],
  "file.cut-off": [{ path: "log.csv.gz" }, { path: "reviews.json.gz", line: 12 }],
  "file.bad-gzip": [
    { path: "log.csv.gz", reason: "invalid distance code" },
    { path: "reviews.json.gz", line: 12, reason: "invalid distance code" },
  ],
  "file.line-too-long": [{ path: "reviews.json", line: 3, expected: "64 MiB" }],
  "source.unusable-rows": [{ path: "reviews.json", unit: "lines", bad: 120, total: 300, first: "line 3: no asin" }],
  uncatalogued: [{ text: "path" }],
};
