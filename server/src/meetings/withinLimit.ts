import type { CancelTimer, TimeSource } from '@parley/media';

/** What `work` comes to, if that takes no longer than `limitMs`. @throws Error when it does, or what `work` rejects with */
export async function withinLimit<T>(options: { work: Promise<T>; limitMs: number; time: TimeSource }): Promise<T> {
  const { work, limitMs, time } = options;
  let cancel: CancelTimer = () => {};
  const limit = new Promise<never>((_, reject) => {
    cancel = time.after(limitMs, () => reject(new Error(`no answer within ${limitMs} ms`)));
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    cancel();
  }
}
