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

it("a ranking with bids is by probability x bid, and a click costs what keeps the place", async () => {
  const server = await serverOf();
  const bids = [3, 0.5, 2, 1];
  const probabilities = candidates.map((candidate) => Math.fround(scoreOf(candidate)));
  const values = bids.map((bid, i) => bid * probabilities[i]);
  const order = [0, 1, 2, 3].sort((a, b) => values[b] - values[a] || a - b);
  const { body } = await post(server, "/v1/rank", { ...request, bids });
  expect(body.ranking).toEqual(
    order.map((index, place) => ({
      ...{ candidate: candidates[index], index, probability: probabilities[index] },
      price: place === 3 ? 0 : values[order[place + 1]] / probabilities[index],
    })),
  );
  for (const { index, price } of body.ranking) expect(price).toBeLessThanOrEqual(bids[index] * (1 + 1e-12));
  const top = await post(server, "/v1/rank", { ...request, bids, top: 1 });
  expect(top.body.ranking).toEqual(body.ranking.slice(0, 1));
  const nothing = await post(server, "/v1/rank", { ...request, bids: [0, 0, 0, 0] });
  expect(nothing.body.ranking.map(({ price }: { price: number }) => price)).toEqual([0, 0, 0, 0]);
  const refused = await post(server, "/v1/rank", { ...request, bids: [1] });
  expect(refused).toMatchObject({ status: 400, body: { error: { field: "bids" } } });
});
