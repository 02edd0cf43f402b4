import { beforeEach, describe, expect, test } from 'vitest';
import { TakenNames } from './TakenNames.js';

let names: TakenNames;
beforeEach(() => {
  names = new TakenNames();
});

describe('a name that stands for somebody', () => {
  test.each([
    ['a Cyrillic first letter', 'Ada', 'Аda'],
    ['a Cyrillic letter among Latin ones', 'Paul', 'Pаul'],
    ['a Greek capital', 'Ada', 'Αda'],
    ['Cyrillic capitals', 'Emma', 'ЕММА'],
    ['a Cyrillic capital whose small letter looks like no other', 'Tom', 'Тom'],
    ['a capital I', 'Adil', 'АDIL'],
    ['accents on other letters', 'Élodie', 'Élоdie'],
    ['letters of Cherokee alone', 'ADA', 'ᎪᎠᎪ'],
    ['a phonetic letter of the same script', 'Ada', 'Adɑ'],
    ['Katakana for Chinese characters', '工藤', 'エ藤'],
    ['Latin letters for Cyrillic ones', 'Сара', 'Capa'],
    ['one Latin letter among Cyrillic ones', 'Анна', 'Aннa'],
    ['width, case and invisible characters', 'Ada', 'ＡDA\u00AD'],
  ])('H8 is taken with %s, whichever came first', (_, name, other) => {
    names.take(name);
    expect(names.has(other)).toBe(true);
    names.delete(name);
    expect(names.has(other)).toBe(false);
    names.take(other);
    expect(names.has(name)).toBe(true);
  });

  test.each([
    ['English', 'Marnie', 'Mamie'],
    ['English with other letters', 'Ian', 'Lan'],
    ['Turkish', 'Alı', 'Ali'],
    ['German', 'Jörg', 'Jorg'],
    ['Russian', 'Ким', 'Кім'],
    ['Hebrew', 'קן', 'קו'],
    ['Greek', 'Άννα', 'Αννα'],
    ['Hindi', 'राम', 'रमा'],
    ['Korean', '지수', '지우'],
    ['two scripts that do not look alike', 'Anna', 'Анна'],
  ])('H8 is no other that is written in one script like that: %s', (_, name, other) => {
    names.take(name);
    expect(names.has(other)).toBe(false);
  });

  test('H8 gives many of the same looks a number each, without trying all of them for each', () => {
    names.take('Ada');
    const before = process.cpuUsage();
    const taken = Array.from({ length: 3_000 }, (_, index) => names.take(index % 2 === 0 ? 'Аda' : 'Ada'));
    expect(new Set(taken).size).toBe(3_000);
    expect(taken.at(-1)).toBe('Ada 3001');
    expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
  });

  test('H8 is free again for all that look like it when nobody has it any more, and only then', () => {
    names.take('Marnie');
    names.take('Mamie');
    expect(names.has('Mаmie')).toBe(true);
    names.delete('Mamie');
    names.delete('Mamie');
    expect(names.has('Mаmie')).toBe(true);
    names.delete('Marnie');
    expect(names.has('Mаmie')).toBe(false);
  });
});
