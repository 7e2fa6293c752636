/** Scores over HTTP, without a socket. */
import { expect, it } from "vitest";
import { fakeModel, fakeModels, post, scoreOf, serverOf } from "./support.ts";

const candidates = ["a", "bbb", { item: "c" }, "d"];
const request = { user: "u", history: ["x"], candidates };

it("scores are those of the model, in the order given, with who made them", async () => {
  const model = fakeModel("m");
  const server = await serverOf({ models: fakeModels(model) });
  const { status, body } = await post(server, "/v1/score", request);
  expect(status).toBe(200);
  expect(body).toEqual({
    model: "m",
    version: "m-sha",
    probabilities: candidates.map((candidate) => Math.fround(scoreOf(candidate))),
    request_id: expect.any(String),
  });
  expect(model.asked).toEqual([request]);
});

it("a ranking has the candidates by falling probability, equal ones in the order given", async () => {
  const server = await serverOf();
  const { body } = await post(server, "/v1/rank", request);
  const places = body.ranking.map(({ index }: { index: number }) => index);
  expect(places).toEqual([1, 2, 0, 3].sort((a, b) => scoreOf(candidates[b]) - scoreOf(candidates[a]) || a - b));
  for (const { candidate, index, probability } of body.ranking) {
    expect({ candidate, probability }).toEqual({
      candidate: candidates[index],
      probability: Math.fround(scoreOf(candidates[index])),
    });
  }
  const top = await post(server, "/v1/rank", { ...request, top: 2 });
  expect(top.body.ranking).toEqual(body.ranking.slice(0, 2));
});
