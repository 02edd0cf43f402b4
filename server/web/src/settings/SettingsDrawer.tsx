import { Drawer } from '../design/Drawer.js';
import type { Session } from '../hooks/useMeeting.js';
import { useText } from '../i18n/I18n.js';
import { CaptionSettings } from './CaptionSettings.js';
import { ConsentSettings } from './ConsentSettings.js';
import { PageSettings } from './PageSettings.js';
import { RoomSettings } from './RoomSettings.js';
import { SoundSettings } from './SoundSettings.js';
import './settings.css';

/** All settings. Captions come first, because their changes are visible beside the drawer. */
export default function SettingsDrawer({ session, onClose }: { session: Session; onClose: () => void }) {
  const { settings } = useText().text;
  return (
    <Drawer title={settings.title} testId="settings" onClose={onClose}>
      <CaptionSettings />
      <RoomSettings client={session.client} />
      <SoundSettings session={session} />
      <ConsentSettings client={session.client} />
      <PageSettings />
    </Drawer>
  );
}
