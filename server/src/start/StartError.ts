export type StartErrorCode =
  | 'PORT_IN_USE'
  | 'ADDRESS_UNAVAILABLE'
  | 'PORT_FORBIDDEN'
  | 'LISTEN_FAILED'
  | 'CERTIFICATE_UNUSABLE'
  | 'RUNNING_AS_ROOT'
  | 'ACCOUNT_UNUSABLE';

/** Why the server does not start, as a sentence that says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static fromListen(error: NodeJS.ErrnoException, where: { host: string; port: number }): StartError {
    const { host, port } = where;
    switch (error.code) {
      case 'EADDRINUSE':
        return new StartError(
          'PORT_IN_USE',
          `Port ${port} on ${host} is in use. Choose another with --port, or stop the program that uses it.`,
          { cause: error },
        );
      case 'EADDRNOTAVAIL':
        return new StartError('ADDRESS_UNAVAILABLE', `${host} is not an address of this machine. See --host.`, {
          cause: error,
        });
      case 'EACCES':
        return new StartError(
          'PORT_FORBIDDEN',
          `This account is not allowed to open port ${port}. Choose one above 1023 with --port.`,
          {
            cause: error,
          },
        );
      default:
        return new StartError('LISTEN_FAILED', `The server cannot listen on ${host}:${port}: ${error.message}`, {
          cause: error,
        });
    }
  }
}
