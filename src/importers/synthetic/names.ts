/** Names of the synthetic shop's users, items and categories, in the form of Amazon's. */
import { STAGES } from "./options.ts";

export function userName(user: number): string {
  return `A${number(user)}`;
}

export function itemName(item: number): string {
  return `B${number(item)}`;
}

/** The number of the item of that name. */
export function itemNumber(name: string): number {
  return Number(name.slice(1));
}

export function categoryName(category: number): string {
  return `${departmentName(category)}, stage ${category % STAGES}`;
}

export function departmentName(category: number): string {
  return `Department ${Math.floor(category / STAGES)}`;
}

function number(value: number): string {
  return String(value).padStart(9, "0");
}
