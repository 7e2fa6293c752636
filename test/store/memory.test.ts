import { describe, expect, it } from "vitest";
import { mostKept, openStore } from "../../src/store/open.ts";
import { behavesAsStore } from "./conformance.ts";

describe("memory:", () => behavesAsStore({ fresh: (most) => openStore("memory:", { most }) }, 150));

it("keeps more of a user than the longest history of a model", () => {
  expect(mostKept(50)).toBe(200);
});

it.each(["", "sqlite:x", "file:", "memory:x", "redis", "postgres://me:secret@host/db"])("refuses %j", async (url) => {
  const error = await openStore(url, { most: 1 }).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "store.unknown-address" });
  expect(String(error)).not.toContain("secret");
});
