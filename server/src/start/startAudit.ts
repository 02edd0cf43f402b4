import { type AuditLog, auditFileOf, createAuditLog, NO_AUDIT } from '../observability/AuditLog.js';
import type { StartContext } from './StartContext.js';

export function startAudit({ settings, closing }: StartContext): AuditLog {
  if (!settings.audit.enabled) return NO_AUDIT;
  const audit = createAuditLog({ file: auditFileOf(settings), rotation: settings.audit });
  closing.defer(() => audit.close());
  return audit;
}
