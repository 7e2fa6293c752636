#!/usr/bin/env node
/** The `dien` command: hands the process to the program, and the exit code to the process. */
import { listen } from "./ending.ts";
import { jobs } from "./jobs.ts";
import { dropWhenGone, print } from "./output.ts";
import { run } from "./program.ts";

const { stdin, stdout, stderr } = process;
dropWhenGone(stderr);
// Libraries warn programmers, at length; Node would print all of it. The first line says what it is about.
process.removeAllListeners("warning");
process.on("warning", ({ message }) => print(stderr, [`note: ${message.split("\n", 1)[0]}`]));
const signal = listen(stdout, stderr);
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, jobs, signal });
