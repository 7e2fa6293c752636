/** Errors of requests over HTTP, before it matters what they ask for. */
import type { Entries } from "../entry.ts";

export const serving = {
  "serving.no-route": {
    status: 404,
    meaning: "Nothing is served at a path.",
    message: ({ path }: { path: string }) => `nothing is served at ${path}: /docs describes what is`,
  },
  "serving.wrong-method": {
    status: 405,
    meaning: "A path is served, but not with the method of a request.",
    message: ({ path, method, allowed }: { path: string; method: string; allowed: readonly string[] }) =>
      `${path} is not served with ${method}, but with ${allowed.join(", ")}`,
  },
  "serving.unauthorized": {
    status: 401,
    meaning: "A request does not bring the server's token.",
    message: ({ name }: { name: string }) => `${name}: expected the token of this server, as Bearer TOKEN`,
  },
  "serving.wrong-header": {
    status: 400,
    meaning: "A header of a request has a value that it cannot have.",
    message: ({ name, expected, found }: { name: string; expected: string; found: string }) =>
      `${name}: expected ${expected}, found ${found}`,
  },
  "serving.wrong-type": {
    status: 415,
    meaning: "The body of a request is said to be something else than JSON.",
    message: ({ name, expected, found }: { name: string; expected: string; found: string }) =>
      `${name}: expected ${expected}, found ${found}`,
  },
  "serving.too-large": {
    status: 413,
    meaning: "The body of a request has more bytes than the server takes.",
    message: ({ name, expected }: { name: string; expected: number }) => `${name}: expected at most ${expected} bytes`,
  },
  "serving.too-many": {
    status: 413,
    meaning: "A list of a request has more entries than the server takes.",
    message: ({ field, expected, found }: { field: string; expected: number; found: number }) =>
      `${field}: expected at most ${expected} entries, found ${found}`,
  },
  "serving.not-json": {
    status: 400,
    meaning: "The body of a request is no JSON that can be read.",
    message: ({ name, reason }: { name: string; reason: string }) => `${name}: not JSON: ${reason}`,
  },
  "serving.wrong-path": {
    status: 400,
    meaning: "A path has escapes that stand for no characters.",
    message: ({ path }: { path: string }) => `${path}: its escapes are no UTF-8`,
  },
  "serving.wrong-host": {
    status: 421,
    meaning: "A request is meant for another host than this one, as are those that a web page sends here by a trick.",
    message: ({ name, expected, found }: { name: string; expected: string; found: string }) =>
      `${name}: expected ${expected}, found ${found}`,
  },
  "serving.cut-off": {
    status: 400,
    meaning: "The client left before its request was whole, or before it was answered.",
    message: ({ name }: { name: string }) => `the ${name} was cut off`,
  },
  "serving.long-header": {
    status: 431,
    meaning: "The headers of a request have more bytes than the server takes.",
    message: ({ name, expected }: { name: string; expected: number }) => `${name}: expected at most ${expected} bytes`,
  },
  "serving.slow-client": {
    status: 408,
    meaning: "A request did not arrive in the time that it had.",
    message: ({ name }: { name: string }) => `the ${name} did not arrive in time`,
  },
  "serving.not-http": {
    status: 400,
    meaning: "What arrives on a connection is no HTTP.",
    message: ({ name }: { name: string }) => `the ${name} is no HTTP`,
  },
  "serving.no-handshake": {
    status: 400,
    meaning: "A client of https does not speak TLS, or breaks off. Its connection is closed without an answer.",
    message: ({ name }: { name: string }) => `the ${name} came to no TLS`,
  },
  "serving.too-many-connections": {
    status: 503,
    meaning: "More connections are open than the server takes. The last is closed without an answer.",
    message: ({ name, expected }: { name: string; expected: number }) =>
      `${name}: ${expected} are open, as many as are taken`,
  },
  "serving.overloaded": {
    status: 503,
    meaning: "More requests are being answered than the server takes.",
    message: ({ name, expected }: { name: string; expected: number }) =>
      `${name}: ${expected} are being answered, which is as many as are taken at once`,
  },
  "serving.late": {
    status: 504,
    meaning: "A request was not answered within the time that it had.",
    message: ({ name, expected }: { name: string; expected: number }) =>
      `${name}: not answered within ${expected} milliseconds`,
  },
  "serving.not-ready": {
    status: 503,
    meaning: "The server takes no requests at the moment, for the reason in the message.",
    message: ({ name, reason }: { name: string; reason: string }) => `${name} is not ready: ${reason}`,
  },
  "serving.no-runs": {
    status: 400,
    meaning: "A request names a run to load, and the server has no folder whose runs may be loaded.",
    message: ({ field }: { field: string }) => `${field}: this server loads models only from where they were`,
  },
  "serving.foreign-run": {
    status: 400,
    meaning: "A request names a run that does not lie in the folder whose runs may be loaded.",
    message: ({ field, path }: { field: string; path: string }) =>
      `${field}: ${path} does not lie in the folder whose runs may be loaded`,
  },
  "serving.unknown-version": {
    status: 404,
    meaning: "A path names a version of a model that does not answer.",
    message: ({ name, version }: { name: string; version: string }) =>
      `model ${name} has no such version: the one that answers is ${version}`,
  },
  "serving.wrong-name": {
    status: 400,
    exitCode: 2,
    meaning: "A model is given a name that it cannot have in a path.",
    message: ({ name, expected }: { name: string; expected: string }) =>
      `a model cannot be called "${name}": expected ${expected}`,
  },
  "serving.taken-name": {
    status: 400,
    exitCode: 2,
    meaning: "Two models are given one name.",
    message: ({ name }: { name: string }) => `two models are called "${name}"`,
  },
  "serving.no-port": {
    status: 409,
    meaning: "The server cannot listen at an address.",
    message: ({ name, reason }: { name: string; reason: string }) => `cannot listen at ${name}: ${reason}`,
  },
  "serving.no-tls": {
    status: 400,
    meaning: "Certificate and key cannot be used for https.",
    message: ({ name, reason }: { name: string; reason: string }) =>
      `${name}: certificate and key cannot be used: ${reason}`,
  },
  "serving.unguarded": {
    status: 400,
    exitCode: 2,
    meaning: "A server without a token is to listen where other machines reach it.",
    message: ({ name }: { name: string }) =>
      `${name} is reached by other machines, and there is no token that they need`,
  },
  "serving.no-token": {
    status: 400,
    exitCode: 2,
    meaning: "A file has no token that a server could ask for.",
    message: ({ path, expected }: { path: string; expected: string }) => `${path} has no token: expected ${expected}`,
  },
} satisfies Entries<"serving">;
