/** The path that the page is served below, with a slash at its end: a proxy may serve this server below one. All pages are one level deep. */
export function basePathOf({ pathname }: Pick<Location, 'pathname'>): string {
  return pathname.replace(/[^/]*$/, '');
}

/** Address of the page without room and secrets, for `invitationUrl`. */
export function pageUrlOf(address: Pick<Location, 'origin' | 'pathname'>): string {
  return `${address.origin}${basePathOf(address)}`;
}
