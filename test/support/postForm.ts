/** Posts a form, as in OAuth. @returns the JSON of the answer; `undefined` if it has none @throws Error with the response */
export async function postForm(url: string, form: Record<string, string>): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams(form),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${url} was answered with ${answer.status}: ${text.slice(0, 500)}`);
  return text === '' ? undefined : JSON.parse(text);
}
