import type { FormEvent } from 'react';

export interface Who {
  room: string;
  name: string;
  microphone: boolean;
}

export function JoinForm({ onJoin }: { onJoin: (who: Who) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    onJoin({
      room: String(fields.get('room')),
      name: String(fields.get('name')),
      microphone: fields.has('microphone'),
    });
  };
  return (
    <form onSubmit={submit}>
      <label>
        Name <input name="name" defaultValue="Ada" required />
      </label>
      <label>
        Room <input name="room" defaultValue="daily" required />
      </label>
      <label>
        <input name="microphone" type="checkbox" defaultChecked /> Speak
      </label>
      <button type="submit">Join</button>
    </form>
  );
}
