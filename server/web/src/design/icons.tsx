import type { ReactNode } from 'react';

/** Icons on a 24-unit grid, in the colour of the surrounding text. Hidden from screen readers: their meaning is in a text next to them. */
function Icon({ children, directed = false }: { children: ReactNode; directed?: boolean }) {
  return (
    <svg className={directed ? 'icon directed' : 'icon'} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const MicrophoneIcon = () => (
  <Icon>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3M8.5 21h7" />
  </Icon>
);

export const MicrophoneOffIcon = () => (
  <Icon>
    <path d="M15 10.5V6a3 3 0 0 0-5.7-1.3M9 9v2a3 3 0 0 0 4.5 2.6M5.5 11.5a6.5 6.5 0 0 0 10.4 5.2M18.5 11.5c0 .9-.2 1.7-.5 2.5M12 18v3M8.5 21h7M4 4l16 16" />
  </Icon>
);

export const HandIcon = () => (
  <Icon>
    <path d="M8 12.5V6a1.5 1.5 0 0 1 3 0v5M11 11V4.5a1.5 1.5 0 0 1 3 0V11M14 11V6a1.5 1.5 0 0 1 3 0v8.5a6.5 6.5 0 0 1-6.5 6.5c-2.5 0-4-1.2-5.2-3.3L3.2 14a1.4 1.4 0 0 1 2.3-1.6L8 15.5" />
  </Icon>
);

export const VerifiedIcon = () => (
  <Icon>
    <path d="M12 3l6.5 2.5v5.2c0 4.3-2.6 7.9-6.5 9.8-3.9-1.9-6.5-5.5-6.5-9.8V5.5zM8.8 11.8l2.3 2.3 4.3-4.4" />
  </Icon>
);

export const CaptionsIcon = () => (
  <Icon>
    <rect x="3" y="5" width="18" height="14" rx="3" />
    <path d="M7 11h4M14 11h3M7 15h7M17 15h0" />
  </Icon>
);

export const CaptionsOffIcon = () => (
  <Icon>
    <path d="M7.5 5H18a3 3 0 0 1 3 3v8c0 .6-.2 1.2-.5 1.7M17.5 19H6a3 3 0 0 1-3-3V8c0-1.1.6-2.1 1.5-2.6M7 11h3M7 15h6M4 3l16.5 18" />
  </Icon>
);

export const TranscriptIcon = () => (
  <Icon>
    <path d="M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM8 9h8M8 12.5h8M8 16h5" />
  </Icon>
);

export const SettingsIcon = () => (
  <Icon>
    <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
    <circle cx="15" cy="7" r="2.25" />
    <circle cx="9" cy="17" r="2.25" />
  </Icon>
);

export const LeaveIcon = () => (
  <Icon directed>
    <path d="M14 5V4a1 1 0 0 0-1-1H6a1 1 0 0 0-1 1v16a1 1 0 0 0 1 1h7a1 1 0 0 0 1-1v-1M10 12h10M16.5 8.5 20 12l-3.5 3.5" />
  </Icon>
);

export const ChevronIcon = () => (
  <Icon>
    <path d="m7 10 5 5 5-5" />
  </Icon>
);

export const UpIcon = () => (
  <Icon>
    <path d="m7 14 5-5 5 5" />
  </Icon>
);

export const JumpIcon = () => (
  <Icon>
    <path d="M12 4v13M6.5 11.5 12 17l5.5-5.5M6 21h12" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="M6 6l12 12M18 6 6 18" />
  </Icon>
);

export const SearchIcon = () => (
  <Icon>
    <circle cx="11" cy="11" r="6.5" />
    <path d="m16 16 4.5 4.5" />
  </Icon>
);

export const CopyIcon = () => (
  <Icon>
    <rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2" />
    <path d="M15.5 5.5V5a1.5 1.5 0 0 0-1.5-1.5H5A1.5 1.5 0 0 0 3.5 5v9A1.5 1.5 0 0 0 5 15.5h.5" />
  </Icon>
);

export const SaveIcon = () => (
  <Icon>
    <path d="M12 4v11M7.5 10.5 12 15l4.5-4.5M4.5 16v3a1.5 1.5 0 0 0 1.5 1.5h12a1.5 1.5 0 0 0 1.5-1.5v-3" />
  </Icon>
);

export const CheckIcon = () => (
  <Icon>
    <path d="m5 12.5 4.5 4.5L19 7.5" />
  </Icon>
);

export const MoreIcon = () => (
  <Icon>
    <path d="M6 12h0M12 12h0M18 12h0" strokeWidth="3" />
  </Icon>
);

export const ShieldIcon = () => (
  <Icon>
    <path d="M12 3.5 19 6v5.5c0 4.2-2.9 7.6-7 9-4.1-1.4-7-4.8-7-9V6zM9 12l2.2 2.2L15.2 10" />
  </Icon>
);

export const LockIcon = () => (
  <Icon>
    <rect x="5" y="11" width="14" height="9.5" rx="2" />
    <path d="M8 11V8a4 4 0 0 1 8 0v3" />
  </Icon>
);

/** A pen that does not write. */
export const OffTheRecordIcon = () => (
  <Icon>
    <path d="M4 20l1-4.5 3-3M12 8.5l3.5-3.5a2 2 0 0 1 3 0l.5.5a2 2 0 0 1 0 3L15.5 12M12 15.5L8.5 19 4 20M4 4l16 16" />
  </Icon>
);

export const WarningIcon = () => (
  <Icon>
    <path d="M12 4 2.8 20h18.4zM12 10v4.5M12 17.3h0" />
  </Icon>
);

export const InfoIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 11.5v4.5M12 8h0" />
  </Icon>
);

export const SpeakerIcon = () => (
  <Icon directed>
    <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11" />
  </Icon>
);

export const EarIcon = () => (
  <Icon>
    <path d="M6.5 10a5.5 5.5 0 1 1 11 0c0 4-4 4.5-4 8a3 3 0 0 1-5.7 1.3M9.5 10a2.5 2.5 0 1 1 4.2 1.8c-.9.8-1.7 1.5-1.7 2.7" />
  </Icon>
);

export const MoonIcon = () => (
  <Icon>
    <path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z" />
  </Icon>
);

export const ThemeIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor" />
  </Icon>
);

export const LanguageIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M3.5 12h17M12 3.5c2.5 2.3 3.5 5.2 3.5 8.5s-1 6.2-3.5 8.5c-2.5-2.3-3.5-5.2-3.5-8.5s1-6.2 3.5-8.5z" />
  </Icon>
);

export const InviteIcon = () => (
  <Icon>
    <path d="M10 14a4 4 0 0 0 5.7 0l3.5-3.5a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3.5 3.5a4 4 0 0 0 5.7 5.7L12 17.7" />
  </Icon>
);

export const RemoveIcon = () => (
  <Icon>
    <circle cx="10" cy="8" r="3.5" />
    <path d="M3.5 20a6.5 6.5 0 0 1 11-4.7M16 20l5-5M16 15l5 5" />
  </Icon>
);

/** Parley's logo: a speech bubble with text. */
export const BrandMark = () => (
  <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <path
      d="M4 5h24a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H15.5L8 31v-6H4a3 3 0 0 1-3-3V8a3 3 0 0 1 3-3z"
      fill="var(--accent)"
    />
    <path d="M8 12.5h16M8 18h10" stroke="var(--accent-ink)" strokeWidth="2.6" strokeLinecap="round" fill="none" />
  </svg>
);
