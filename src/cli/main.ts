#!/usr/bin/env node
/** The `dien` command: hands the process to the program, and the exit code to the process. */
import { listen } from "./ending.ts";
import { jobs } from "./jobs.ts";
import { dropWhenGone } from "./output.ts";
import { run } from "./program.ts";

const { stdin, stdout, stderr } = process;
dropWhenGone(stderr);
const signal = listen(stdout, stderr);
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, jobs, signal });
