import { GRANTS, type Grant } from '@parley/client-sdk/protocol';
import type { Identity, Role } from './Authenticator.js';

/** Settings of a room. */
export interface RoomPolicy {
  /** If present, only these subjects are admitted, each with these grants. */
  members?: Readonly<Record<string, readonly Grant[]>> | undefined;
  /**
   * Issuer of the members' subjects. Subjects of other issuers may look the same: guests and makers of room tokens choose theirs freely. If
   * absent, there are no members.
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
 * The grants of an identity in a room. A room token: exactly its own, only in its room. An administrator: all. In a room with members:
 * those listed for the member, none for others. Otherwise those of the roles.
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
