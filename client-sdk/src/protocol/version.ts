/** Version of the wire contract. A server refuses any other with `PROTOCOL_VERSION_UNSUPPORTED` and names its own. */
export const PROTOCOL_VERSION = 1;
