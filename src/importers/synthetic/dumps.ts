/**
 * The synthetic shop's behaviours as Amazon review dumps of 2014 (reviews_X_5.json.gz, meta_X.json.gz): input of any
 * size for `prepareAmazon`, with lines about as long as the real ones. Streamed: memory does not grow with the shop.
 */
import { join } from "node:path";
import type { OnProgress } from "../../dataset/dataset.ts";
import { replaceFiles } from "../../files/aside.ts";
import { folderPlace, withClaim } from "../../files/claim.ts";
import { makeFolder } from "../../files/plain.ts";
import { Random } from "../../tensor/random.ts";
import { categoryName, departmentName, itemName, userName } from "./names.ts";
import type { ShopOptions } from "./options.ts";
import { categoryOf, simulateUser } from "./shop.ts";
import { writeLines } from "./table-files.ts";

const PHRASES = [
  "I bought this after the old one gave up, and it does what it says.",
  "It came a day late, well packed, and works as it should.",
  'My daughter says it is "the best ever"; I would not go that far.',
  "The quality is fine for the price.\nI might buy another one.",
  "It feels cheap, yet after three months of daily use nothing broke.",
  "Not quite what the pictures show, still good enough to keep.",
  "Setting it up took five minutes; the manual is of little help.",
  "I compared it with two others of the same kind and prefer this one.",
] as const;
const PHRASES_PER_REVIEW = 14;
/** Keeps the texts' random numbers apart from those of the shop. */
const TEXT_STREAM = 0x74657874;

/**
 * Writes reviews_Synthetic_5.json.gz (a JSON object a line, ordered by user) and meta_Synthetic.json.gz (a Python
 * literal a line) to `folder`. Every behaviour is a review. Both appear together, or neither.
 * @throws UserError where the files cannot be written.
 */
export async function writeDumps(folder: string, shop: ShopOptions, onProgress?: OnProgress): Promise<void> {
  await makeFolder(folder);
  const files = [
    {
      path: join(folder, "meta_Synthetic.json.gz"),
      write: (temporary: string) => writeLines(temporary, metadata(shop), { gzip: true }),
    },
    {
      path: join(folder, "reviews_Synthetic_5.json.gz"),
      write: (temporary: string) => writeLines(temporary, reviews(shop, onProgress), { gzip: true }),
    },
  ];
  await withClaim(folderPlace(folder), () => replaceFiles(files));
}

function* reviews(shop: ShopOptions, onProgress: OnProgress | undefined): Generator<string> {
  const texts = PHRASES.map((phrase) => JSON.stringify(phrase).slice(1, -1));
  const random = new Random(shop.seed ^ TEXT_STREAM);
  for (let user = 0; user < shop.users; user++) {
    const { items, times } = simulateUser(shop, user);
    for (let t = 0; t < items.length; t++) {
      let text = texts[random.integer(texts.length)];
      for (let left = random.integer(PHRASES_PER_REVIEW); left > 0; left--) {
        text += ` ${texts[random.integer(texts.length)]}`;
      }
      yield `{"reviewerID": "${userName(user)}", "asin": "${itemName(items[t])}", "helpful": [0, 0], "reviewText": "${text}", "overall": 5.0, "summary": "As described", "unixReviewTime": ${times[t]}}\n`;
    }
    if ((user + 1) % 1000 === 0) onProgress?.("dumps", user + 1, shop.users);
  }
}

function* metadata(shop: ShopOptions): Generator<string> {
  for (let item = 0; item < shop.items; item++) {
    const category = categoryOf(shop, item);
    const path = `['Shop', '${departmentName(category)}', '${categoryName(category)}']`;
    yield `{'asin': '${itemName(item)}', 'title': "The shop's article", 'price': ${1 + (item % 99)}.5, 'related': {'also_viewed': ['${itemName((item + 1) % shop.items)}']}, 'categories': [${path}]}\n`;
  }
}
