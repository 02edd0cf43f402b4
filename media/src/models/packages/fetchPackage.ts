export interface RegistryPackage {
  name: string;
  version: string;
  /** Name of the wheel file. */
  wheel: string;
  bytes: number;
  /** SHA-256, lower-case hex, of the wheel. */
  sha256: string;
}

export interface FetchPackageOptions {
  package: RegistryPackage;
  /** Kept here until removed; a complete one is taken again. */
  directory: string;
  onProgress?: (progress: { receivedBytes: number; totalBytes: number }) => void;
  signal?: AbortSignal;
}

/** @returns path of the checked wheel @throws ModelError */
export async function fetchPackage(options: FetchPackageOptions): Promise<string> {
  throw new Error(`${options.package.name} cannot be fetched yet`);
}
