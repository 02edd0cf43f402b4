import { act, createElement, type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

/** As much of a document as React needs to render nothing. */
class BareNode {
  readonly nodeName = 'DIV';
  readonly tagName = 'DIV';
  readonly namespaceURI = 'http://www.w3.org/1999/xhtml';
  readonly ownerDocument: BareNode = this;
  readonly nodeType: number;
  readonly firstChild = null;
  readonly lastChild = null;
  readonly activeElement = null;
  readonly defaultView = { HTMLIFrameElement: class {} };
  textContent = '';

  constructor(nodeType: 1 | 9, ownerDocument?: BareNode) {
    this.nodeType = nodeType;
    if (ownerDocument !== undefined) this.ownerDocument = ownerDocument;
  }

  addEventListener(): void {}
  removeEventListener(): void {}
}

export interface RenderedHook<Props, Result> {
  /** The latest result of the hook. */
  readonly result: Result;
  /** Number of calls, to detect needless renders. */
  readonly renders: number;
  rerender(props: Props): Promise<void>;
  /** Unmounts the component. */
  unmount(): Promise<void>;
}

/**
 * Runs a hook in real React without a browser, including effects and strict mode.
 * @param hook receives the props of the latest `rerender`
 */
export async function renderHook<Props, Result>(
  hook: (props: Props) => Result,
  options: { props: Props; strict?: boolean },
): Promise<RenderedHook<Props, Result>> {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  // React looks here for the current event.
  (globalThis as { window?: unknown }).window ??= globalThis;
  const results: Result[] = [];
  const Probe = ({ props }: { props: Props }): ReactNode => {
    results.push(hook(props));
    return null;
  };
  const root = createRoot(new BareNode(1, new BareNode(9)) as unknown as Element);
  const render = (props: Props) =>
    act(async () => {
      const probe = createElement(Probe, { props });
      root.render(options.strict === true ? createElement(StrictMode, null, probe) : probe);
    });
  await render(options.props);
  return {
    get result() {
      return results.at(-1) as Result;
    },
    get renders() {
      return results.length;
    },
    rerender: render,
    unmount: () => act(async () => root.unmount()),
  };
}
