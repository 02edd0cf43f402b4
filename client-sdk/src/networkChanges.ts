import { defaults } from './defaults.js';

/** Network Information API; not in every browser, and not in TypeScript's DOM. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
  readonly effectiveType?: string;
}

/**
 * Calls back when the machine is in another network, or back in one. `navigator.connection` also tells of every new estimate of the
 * same network's speed; those are passed over. Several changes in `defaults.networkSettleMs` are one.
 * @returns a function that ends that; outside of a browser nothing ever happens
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
