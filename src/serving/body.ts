/**
 * Bodies of requests as JSON. Bytes are counted while they arrive, so no more of a body is held than the server takes; and
 * what JSON.parse would take but others stumble over is refused: text that is no UTF-8, deep nesting, half characters.
 */
import type { HonoRequest } from "hono";
import { failure } from "../errors/failure.ts";

/** Deepest nesting of lists and objects; no request needs more than a few levels. */
const MOST_LEVELS = 32;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/i;
const CHARSET = /^charset=(?:utf-8|"utf-8")$/i;

/**
 * Reads the body of a request as JSON.
 * @throws UserError where it is said to be something else, has more bytes than `maxBody`, or is no such text
 */
export async function readJson(request: HonoRequest, maxBody: number): Promise<unknown> {
  checkType(request.header("content-type"));
  return parseJson(await readBytes(request, maxBody));
}

function checkType(given: string | undefined): void {
  const [type, ...parameters] = (given ?? "none").split(";").map((part) => part.trim());
  if (JSON_TYPE.test(type) && parameters.every((parameter) => CHARSET.test(parameter))) return;
  throw failure("serving.wrong-type", { name: "content-type", expected: "application/json", found: given ?? "none" });
}

/**
 * Reads the body of a request.
 * @throws UserError where it has more bytes than `maxBody`
 */
export async function readBytes(request: HonoRequest, maxBody: number): Promise<Uint8Array> {
  const { raw } = request;
  const announced = request.header("content-length");
  if (Number(announced) > maxBody) throw tooLarge(maxBody);
  // Of an announced body no more arrives than was announced, and it is read in one go.
  if (announced !== undefined) return withinBytes(new Uint8Array(await raw.arrayBuffer()), maxBody);
  if (raw.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of raw.body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (size > maxBody) throw tooLarge(maxBody);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function withinBytes(body: Uint8Array, maxBody: number): Uint8Array {
  if (body.byteLength > maxBody) throw tooLarge(maxBody);
  return body;
}

const tooLarge = (maxBody: number) => failure("serving.too-large", { name: "body", expected: maxBody });

/** The value of a JSON text in bytes. @throws UserError where it is none that can be read */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw notJson("body", "it is not UTF-8", error);
  }
  return parseJsonText(text, "body");
}

/** The same of a text that stands at `name`. */
export function parseJsonText(text: string, name: string): unknown {
  if (text.trim() === "") throw notJson(name, "it is empty");
  if (levelsOf(text) > MOST_LEVELS) throw notJson(name, `it is nested deeper than ${MOST_LEVELS} levels`);
  if (hasHalfCharacter(text)) throw notJson(name, "it has one half of a pair of surrogates");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(name, placeOf(error as Error), error);
  }
}

const notJson = (name: string, reason: string, cause?: unknown) => failure("serving.not-json", { name, reason }, cause);

/** What V8 says, without the text around the place, which may be personal. */
function placeOf({ message }: Error): string {
  const [, position] = /at position (\d+)/.exec(message) ?? [];
  if (position !== undefined) return `at character ${position}`;
  const [, token] = /^Unexpected token '(.)'/u.exec(message) ?? [];
  return token === undefined ? "it ends too early, or goes on after its end" : `it has ${token} in a wrong place`;
}

const QUOTE = 34;
const BACKSLASH = 92;
/** `[` and `{`, and `]` and `}`: they differ in one bit. */
const OPENING = 123;
const CLOSING = 125;

/** How deep a JSON text is nested; of a text that is no JSON, anything. */
function levelsOf(text: string): number {
  let level = 0;
  let deepest = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inText = false;
    } else if (code === QUOTE) inText = true;
    else if ((code | 32) === OPENING) deepest = Math.max(deepest, ++level);
    else if ((code | 32) === CLOSING) level--;
  }
  return deepest;
}

/** An escape, taken whole: a pair of surrogates, or anything else that is no surrogate. */
const WHOLE_ESCAPE = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u(?![dD][89a-fA-F])|[^u])/g;

/** Whether an escape stands for half a character: stores and hashes would take different ones for the same. */
function hasHalfCharacter(text: string): boolean {
  return /\\u[dD][89a-fA-F]/.test(text) && text.replace(WHOLE_ESCAPE, "").includes("\\u");
}
