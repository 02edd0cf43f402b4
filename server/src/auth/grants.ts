import { GRANTS, type Grant } from '@parley/client-sdk/protocol';
import type { Identity, Role } from './Authenticator.js';

/** What the settings say of a room. */
export interface RoomPolicy {
  /** Present: only these come in, by subject, each with these grants. */
  members?: Readonly<Record<string, readonly Grant[]>> | undefined;
  /**
   * Whose subjects those are. Others may have subjects that read the same: guests choose their own, and so do those who make room
   * tokens. Absent: nobody vouches for anybody, and there is no member.
   */
  issuer?: string | undefined;
}

const OF_PARTICIPANTS: readonly Grant[] = ['join', 'speak', 'listen', 'readTranscript'];

const OF_ROLES: Readonly<Record<Role, readonly Grant[]>> = {
  participant: OF_PARTICIPANTS,
  moderator: [...OF_PARTICIPANTS, 'moderate'],
  archivist: ['join', 'listen', 'readTranscript', 'export'],
  admin: GRANTS,
};

/**
 * What somebody may do in a room. A room token: exactly what it says, in its room and nowhere else. An administrator: everything. A room
 * with members: what stands there of them at the issuer that the members are known to, and nothing for anybody else. Else what their
 * roles give.
 */
export function grantsOf(options: { identity: Identity; room: string; policy: RoomPolicy }): ReadonlySet<Grant> {
  const { identity, room, policy } = options;
  if (identity.room !== undefined) return new Set(identity.room.name === room ? identity.room.grants : []);
  if (identity.roles.includes('admin')) return new Set(GRANTS);
  if (policy.members !== undefined) {
    const known = identity.issuer === policy.issuer && Object.hasOwn(policy.members, identity.subject);
    return new Set(known ? policy.members[identity.subject] : []);
  }
  return new Set(identity.roles.flatMap((role) => OF_ROLES[role]));
}
