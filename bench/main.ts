/** `npm run bench`: how fast the engine trains on this machine. `npm run bench -- serve`: how fast it answers. */
if (process.argv[2] === "serve") await import("./serve/main.ts");
else await import("./training.ts");
