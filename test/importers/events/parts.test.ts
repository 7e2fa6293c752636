import fc from "fast-check";
import { expect, test } from "vitest";
import { withDuckDB } from "../../../src/database/open.ts";
import { readUsers } from "../../../src/importers/events/source/stream.ts";

/** How many rows each user has; some have more than a vector of the database. */
const users = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1500, max: 5000 })), {
  minLength: 1,
  maxLength: 6,
});

test("users come in order, whole or in parts of as many rows as may be in memory", async () => {
  await withDuckDB(async (connection) => {
    await fc.assert(
      fc.asyncProperty(users, fc.constantFrom(1, 7, 1000, 2048, 3000), async (lengths, most) => {
        const counts = lengths.map((length, user) => `(${user}, ${length})`).join(", ");
        await connection.run(`CREATE OR REPLACE TABLE log AS
          SELECT user_number AS sequence, unnest(range(length)) AS place FROM (VALUES ${counts}) t(user_number, length)`);
        const found = lengths.map(() => [] as number[]);
        let open = false;
        await readUsers(
          connection,
          "log",
          [{ name: "place", type: "int32" }],
          ({ sequence, from, to, begins, ends }, [places]) => {
            expect(to - from).toBeGreaterThan(0);
            expect(to - from).toBeLessThanOrEqual(most);
            expect(begins).toBe(!open);
            open = !ends;
            for (const place of places.subarray(from, to)) found[sequence].push(place);
            expect(ends).toBe(found[sequence].length === lengths[sequence]);
            // Nobody is cut without need.
            expect(lengths[sequence] > most || (begins && ends)).toBe(true);
          },
          { most },
        );
        expect(open).toBe(false);
        expect(found).toEqual(lengths.map((length) => Array.from({ length }, (_, place) => place)));
      }),
      { numRuns: 12 },
    );
  });
});
