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
  "file.no-room": [{ path: "out.tmp-7", reason: "No space left on device" }],
  "source.unsupported": [{ source: "s3://bucket/log.csv" }],
  "source.no-match": [{ source: "log/*.csv" }],
  "source.no-file": [{ path: "log" }],
  "source.unknown-format": [{ path: "log.xlsx", known: ".csv and .parquet" }],
  "source.bad-address": [{ source: "postgres address", problem: "it is no URL: expected postgres://USER@HOST" }],
  "source.bad-header": [{ source: "log.csv", problem: "names column user twice" }],
  "source.unknown-column": [{ source: "log.csv", column: "tme", known: ["user", "time"] }],
  "source.wrong-type": [{ source: "log.parquet", column: "tags", expected: "texts or numbers", found: "VARCHAR[]" }],
  "source.no-rows": [{ source: "log.csv" }],
  "source.unreadable": [{ source: "log.ndjson" }],
  "source.bad-row": [{ source: "log.csv", row: 5, problem: 'column time: expected a time, found "no"' }],
  "source.mixed-zones": [
    { source: "log.csv", row: 5, column: "time", expected: "a time with an offset", found: '"2024-01-01T00:00"' },
  ],
  "source.duplicate-key": [{ source: "users.csv", row: 9, column: "id", key: '"u1"', first: "users.csv: row 2" }],
  "source.unusable-rows": [{ source: "reviews.json", unit: "lines", bad: 120, total: 300, first: "line 3: no asin" }],
  uncatalogued: [{ text: "path" }],
};
