import { defaults } from './defaults.js';

/** Network Information API. Not in every browser, and not in TypeScript's DOM types. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
  readonly effectiveType?: string;
}

/**
 * Calls back when the device has changed to another network, or is back online. `navigator.connection` also reports each new estimate of
 * the same network's speed; these are ignored. Changes within `defaults.networkSettleMs` count as one.
 * @returns a function that stops this. Outside a browser nothing is ever reported
 */
export function onNetworkChange(listener: () => void): () => void {
  const connection = (globalThis.navigator as { connection?: NetworkInformation } | undefined)?.connection;
  let kind = kindOf(connection);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(listener, defaults.networkSettleMs);
  };
  const onChange = () => {
    const before = kind;
    kind = kindOf(connection);
    if (kind !== before) settle();
  };
  connection?.addEventListener?.('change', onChange);
  globalThis.addEventListener?.('online', settle);
  return () => {
    clearTimeout(timer);
    connection?.removeEventListener?.('change', onChange);
    globalThis.removeEventListener?.('online', settle);
  };
}

function kindOf(connection: NetworkInformation | undefined): string {
  return `${connection?.type} ${connection?.effectiveType}`;
}
