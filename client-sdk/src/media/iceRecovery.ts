import type { Transport } from 'mediasoup-client/types';
import { defaults } from '../defaults.js';

export interface IceRecoveryOptions {
  transport: Transport;
  /** Requests new ICE parameters from the server and applies them. Handles its own errors. */
  restart: () => Promise<void>;
  /**
   * The transport failed without ever having connected: something between browser and server blocks media. Called once, however often it
   * fails.
   */
  onUnreachable: () => void;
}

export interface IceRecovery {
  /** Restarts ICE now, unless a restart is in progress. */
  restart(): void;
}

/** Restarts ICE when a transport fails: at once for `failed`, after a delay for `disconnected`. */
export function recoverIce({ transport, restart, onUnreachable }: IceRecoveryOptions): IceRecovery {
  let connectedBefore = false;
  let unreachableTold = false;
  let restarting = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const lookLater = () => {
    clearTimeout(timer);
    if (!transport.closed) timer = setTimeout(look, defaults.iceGraceMs);
  };
  const look = () => {
    const { connectionState } = transport;
    if (connectionState === 'failed' || connectionState === 'disconnected') void restartOnce();
  };
  const restartOnce = async () => {
    if (restarting || transport.closed) return;
    restarting = true;
    await restart();
    restarting = false;
    lookLater();
  };

  transport.observer.once('close', () => clearTimeout(timer));
  transport.on('connectionstatechange', (state) => {
    if (state === 'connected') connectedBefore = true;
    if (state === 'disconnected') lookLater();
    if (state === 'failed') {
      if (!connectedBefore && !unreachableTold) {
        unreachableTold = true;
        onUnreachable();
      }
      void restartOnce();
    }
  });
  return { restart: () => void restartOnce() };
}
