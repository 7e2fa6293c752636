/** Entry of a thread that scores: replays the model's tape for what its slot holds, again and again. */
import { parentPort, workerData } from "node:worker_threads";
import { Workspace, type WorkspaceOptions } from "../../engine/workspace.ts";
import { lackingIn, readExposed } from "../exposed.ts";
import { Replay } from "../replay.ts";
import { EXPLAINING, IDLE, ScoringSlot } from "./slot.ts";

/** What a thread is started with. Weights and slot are shared, not copied. */
export interface ThreadStart {
  readonly options: WorkspaceOptions;
  readonly memory: WebAssembly.Memory;
  readonly slot: SharedArrayBuffer;
  /** Its number among those over the same memory. */
  readonly thread: number;
}

const { options, memory, slot: shared, thread } = workerData as ThreadStart;
const workspace = new Workspace(options, memory);
const replay = new Replay(workspace, thread);
const slot = new ScoringSlot(options.schema, shared);

function explain(): void {
  slot.probabilities[0] = replay.inspect(slot.requests[0]);
  const { inspected } = replay;
  parentPort!.postMessage(lackingIn(inspected) ?? readExposed(inspected, workspace));
}

slot.giveBack(0);
for (;;) {
  slot.sleepWhile(IDLE);
  const start = performance.now();
  if (slot.state === EXPLAINING) explain();
  else replay.score(slot.requests, slot.count, slot.probabilities);
  slot.giveBack((performance.now() - start) / 1000);
}
