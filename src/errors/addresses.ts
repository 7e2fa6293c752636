/**
 * Addresses of servers in what people give as files. They may hold a password, and where it ends only the server they were
 * written for knows; so nothing of one is ever repeated but its scheme.
 */

/** What has a scheme, whatever stands before it; credentials without one; settings as libpq, ODBC and .NET take them. */
const FORMS = [
  /:\/\//,
  /^\W*(?:jdbc|odbc|postgres\w*|mysql|mariadb|mssql|sqlserver|oracle|mongodb|redis|redshift|cockroach\w*)(?:\+\w+)*:/i,
  /^\W*(?![a-z]:\\)[^\s/\\:@]+:.*@/is,
  /\b(?:password|passwd|pwd)\s*=/i,
  /^\W*(?:host|hostaddr|port|dbname|user|service)\s*=\s*\S+\s+\w+\s*=/i,
];

/** Whether a text looks like an address of a server, of any kind, and not like the path of a file. */
export function isAddress(text: string): boolean {
  return FORMS.some((form) => form.test(text));
}

/** A text as it may be shown. */
export function withoutAddress(text: string): string {
  if (!isAddress(text)) return text;
  const [, scheme] = /^\W*((?:jdbc:)?[a-z][a-z0-9]*(?:[+.-][a-z0-9]+)*:\/\/)/i.exec(text) ?? [];
  return scheme === undefined ? "the address of a server" : `${scheme}...`;
}
