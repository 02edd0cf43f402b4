import type { CancelTimer, TimeSource } from '@parley/media/process';

/** The result of `work`. @throws Error if it takes longer than `limitMs`, or what `work` rejects with */
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
