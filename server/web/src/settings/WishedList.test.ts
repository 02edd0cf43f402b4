import { beforeEach, expect, test } from 'vitest';
import { WishedList } from './WishedList.js';

let list: WishedList;
beforeEach(() => {
  list = new WishedList();
});

/** Adds to the newest list. @returns what the server answers by */
function add(code: string): (taken: boolean) => Promise<void> {
  let answer: (taken: boolean) => void = () => {};
  const taken = new Promise<boolean>((resolve) => {
    answer = resolve;
  });
  const answered = list.ask([...list.newest, code], taken);
  return async (value) => {
    answer(value);
    await answered;
  };
}

test('two changes in a row are both kept, although the server has told neither', () => {
  list.told(['en']);
  add('fr');
  add('de');
  expect(list.newest).toEqual(['en', 'fr', 'de']);
});

test('what the server tells of the first change does not undo the second', async () => {
  const [first, second] = [add('fr'), add('de')];
  await first(true);
  list.told(['fr']);
  expect(list.newest).toEqual(['fr', 'de']);
  await second(true);
  expect(list.newest).toEqual(['fr', 'de']);
});

test('once everything is answered, what the server tells next holds, whoever changed it', async () => {
  await add('fr')(true);
  list.told(['it']);
  expect(list.newest).toEqual(['it']);
});

test('a change that is refused is none', async () => {
  list.told(['en']);
  await add('fr')(false);
  expect(list.newest).toEqual(['en']);
});

test('one that is refused while another is on its way leaves that one alone', async () => {
  const [first, second] = [add('fr'), add('de')];
  await first(false);
  expect(list.newest).toEqual(['fr', 'de']);
  await second(true);
  list.told(['fr', 'de']);
  expect(list.newest).toEqual(['fr', 'de']);
});
