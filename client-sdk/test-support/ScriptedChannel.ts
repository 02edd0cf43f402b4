import { ParleyError, type RequestName, type RequestOf, type ResponseOf } from '../src/protocol/index.js';
import { producerId, transportParameters } from './media.js';

type Answers = { [N in RequestName]?: ((request: RequestOf<N>) => unknown) | undefined };

/** The media part of a fake server: everything works until a test replaces an answer. */
export class ScriptedChannel {
  readonly asked: { name: RequestName; request: Record<string, unknown> }[] = [];
  answers: Answers = {
    createTransport: () => transportParameters(),
    connectTransport: () => ({}),
    restartIce: () => ({ iceParameters: transportParameters().iceParameters, iceServers: [] }),
    produce: () => ({ producerId: producerId() }),
    pauseProducer: () => ({}),
    resumeProducer: () => ({}),
    closeProducer: () => ({}),
    resumeConsumer: () => ({}),
  };

  async request<N extends RequestName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
    this.asked.push({ name, request });
    const answer = this.answers[name] as ((request: RequestOf<N>) => unknown) | undefined;
    if (answer === undefined) throw new ParleyError('UNKNOWN_EVENT');
    return (await answer(request)) as ResponseOf<N>;
  }

  get names(): RequestName[] {
    return this.asked.map(({ name }) => name);
  }

  last(name: RequestName): Record<string, unknown> | undefined {
    return this.asked.filter((each) => each.name === name).at(-1)?.request;
  }

  /** Never answers. */
  silence(name: RequestName): void {
    this.answers[name] = () => new Promise(() => {});
  }

  fail(name: RequestName, error: ParleyError): void {
    this.answers[name] = () => Promise.reject(error);
  }
}
