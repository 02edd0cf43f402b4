/** Something that the person who started the demo can put right. The message is a whole sentence for them. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
