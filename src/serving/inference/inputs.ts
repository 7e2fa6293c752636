/**
 * What a model takes under the Open Inference Protocol, where rows are samples: a tensor for each value of a request of
 * `dien predict`, by the path of the value in it. A tensor of one value stands for all samples. Samples of the same user
 * are one request, so what does not depend on the candidate is computed once.
 */
import { readsTime, type Transform } from "../../dataset/transform.ts";
import { failure } from "../../errors/failure.ts";
import { problemsOf, sentence } from "../../options/problems.ts";
import type { ModelDescription } from "../../run/model-description.ts";
import { type RankRequest, rankRequestSchema, type Value, type Values } from "../../scoring/request.ts";
import { parseJsonText } from "../body.ts";
import type { Limits } from "../limits.ts";
import { countOf, type TensorHead, wrongTensor } from "./tensor.ts";

type RequestPart = "user" | "candidate" | "context" | "history" | "time";

export interface Input {
  readonly name: string;
  /** As clients are told; others are taken too. */
  readonly datatype: "BYTES" | "FP64";
  readonly part: RequestPart;
  /** Of the user, the candidate or the context. */
  readonly field: string;
}

/** An input with the values of a request. */
interface GivenInput extends Input {
  readonly values: readonly Value[];
}

/** A request without a history gets that of the store. */
export type SampleRequest = Omit<RankRequest, "history"> & { readonly history?: RankRequest["history"] };

/** Samples of one user. */
export interface SampleGroup {
  readonly request: SampleRequest;
  /** Which samples its candidates are. */
  readonly rows: readonly number[];
}

const bare = (part: RequestPart): Input => ({ name: part, datatype: "BYTES", part, field: part });

/** The inputs of a model: `candidate`, and what may be left out. */
export function inputsOf({ schema, transforms }: ModelDescription): Input[] {
  const fields = (
    part: "user" | "candidate" | "context",
    list: readonly { readonly name: string }[],
    isBare: boolean,
  ) =>
    list
      .filter(({ name }) => !readsTime(transforms[name]))
      .map(({ name: field }, place): Input => {
        const name = isBare && place === 0 ? part : `${part}.${field}`;
        return { name, datatype: datatypeOf(transforms[field]), part, field };
      });
  const users = fields("user", schema.user, true);
  return [
    ...fields("candidate", schema.item, true),
    // A model without user fields is still asked for somebody, whose history may be in the store.
    ...(users.length > 0 ? users : [bare("user")]),
    ...fields("context", schema.context, false),
    bare("history"),
    bare("time"),
  ];
}

function datatypeOf({ kind }: Transform): Input["datatype"] {
  return kind === "value" || kind === "number" ? "FP64" : "BYTES";
}

/** Looks at the name and the size of a tensor. @throws UserError where there is no such input, or it has too many values */
export function checkInput(inputs: readonly Input[], { maxCandidates }: Limits, head: TensorHead): void {
  const { name, datatype } = head;
  const input = inputs.find((one) => one.name === name);
  if (input === undefined) {
    const known = inputs.map((one) => one.name).join(", ");
    throw wrongTensor(name, `the model has no such input, but ${known}`);
  }
  if (input.part === "history" && datatype !== "BYTES") throw wrongTensor(name, `expected BYTES, found ${datatype}`);
  const count = countOf(head);
  if (count > maxCandidates) {
    throw failure("serving.too-many", { field: name, expected: maxCandidates, found: count });
  }
}

/**
 * The samples as requests, one for each user.
 * @param tensors values by the names of inputs
 * @throws UserError where tensors do not fit together, or a history is none
 */
export function groupSamples(
  inputs: readonly Input[],
  tensors: ReadonlyMap<string, readonly Value[]>,
  { maxHistory }: Limits,
): SampleGroup[] {
  const given = inputs.flatMap((input): GivenInput[] => {
    const values = tensors.get(input.name);
    return values === undefined ? [] : [{ ...input, values }];
  });
  const count = Math.max(...given.map(({ values }) => values.length));
  for (const { name, values } of given) {
    if (values.length === 1 || values.length === count) continue;
    throw wrongTensor(name, `expected 1 value or ${count}, as another input has, found ${values.length}`);
  }
  const of = (part: RequestPart) => given.filter((input) => input.part === part);
  const [items, users, contexts] = [of("candidate"), of("user"), of("context")];
  const [[history], [time]] = [of("history"), of("time")];
  if (items.length === 0) throw wrongTensor("candidate", "expected its values, found no such input");
  const histories = history?.values.map((text, i, { length }) => {
    return readHistory(length === 1 ? "history" : `history.${i}`, text);
  });
  const ofUsers = given.filter(({ part, values }) => part !== "candidate" && values.length > 1);
  let behaviours = 0;
  return sameUsers(ofUsers, count).map((rows) => {
    const [row] = rows;
    const ofUser = histories?.[histories.length === 1 ? 0 : row];
    behaviours += ofUser?.length ?? 0;
    if (behaviours > maxHistory) {
      throw failure("serving.too-many", { field: "history", expected: maxHistory, found: behaviours });
    }
    const request = {
      user: oneOf(users, row),
      candidates: rows.map((place) => oneOf(items, place)),
      ...(ofUser && { history: ofUser }),
      ...(contexts.length > 0 && { context: fieldsOf(contexts, row) }),
      ...(time && { time: valueAt(time, row) }),
    };
    return { request, rows };
  });
}

/** The rows of each user: those that are equal in all that is not the candidate's. */
function sameUsers(ofUsers: readonly { readonly values: readonly Value[] }[], count: number): number[][] {
  const groups = new Map<string, number[]>();
  for (let row = 0; row < count; row++) {
    const key = JSON.stringify(ofUsers.map(({ values }) => values[row]));
    const rows = groups.get(key);
    if (rows === undefined) groups.set(key, [row]);
    else rows.push(row);
  }
  return [...groups.values()];
}

/** A user, or an item, of a request: the value of the first field alone where no other is given, else values by field. */
function oneOf(given: readonly GivenInput[], row: number): Value | Values {
  if (given.length === 0) return null;
  if (given.length === 1 && given[0].name === given[0].part) return valueAt(given[0], row);
  return fieldsOf(given, row);
}

function fieldsOf(given: readonly GivenInput[], row: number): Values {
  return Object.fromEntries(given.map((input) => [input.field, valueAt(input, row)]));
}

function valueAt({ values }: GivenInput, row: number): Value {
  return values[values.length === 1 ? 0 : row];
}

const { history: historySchema } = rankRequestSchema.shape;

function readHistory(place: string, text: Value): RankRequest["history"] {
  const given = parseJsonText(String(text), place);
  const result = historySchema.safeParse(given);
  if (result.success) return result.data;
  const [problem] = problemsOf(historySchema, given);
  const field = [place, ...problem.path].join(".");
  throw failure("request.invalid", { field, problem: sentence(problem, `input ${field}`) });
}
