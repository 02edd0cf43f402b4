import { PbfWriter } from 'pbf';

/** The parts of ONNX's file format that the encoder's graph needs; field numbers are those of `onnx.proto` (IR version 10). */

const IR_VERSION = 10;
const OPSET = 17;

export const ELEMENT = { float32: 1, int8: 3, int64: 7, float16: 10 } as const;
export type ElementType = keyof typeof ELEMENT;

/** `number` of `attributes`: whole ones that have a point are written `{ float }`. */
export type Attribute = number | readonly number[] | string | { float: number };

export interface OnnxNode {
  operator: string;
  /** Absent: ONNX's own. */
  domain?: 'com.microsoft';
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Readonly<Record<string, Attribute>>;
}

/** A constant. Its bytes stand in the file beside the graph, or, where what a node means hangs on them, in the graph. */
export interface OnnxTensor {
  name: string;
  type: ElementType;
  dimensions: readonly number[];
  content: Uint8Array | { offset: number; bytes: number };
}

export interface OnnxValue {
  name: string;
  type: ElementType;
  /** A name where the size may be any. */
  dimensions: readonly (number | string)[];
}

export interface OnnxGraph {
  name: string;
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
  nodes: readonly OnnxNode[];
  tensors: readonly OnnxTensor[];
  /** File name of the tensors' bytes, in the graph's folder. */
  weightsFile: string;
}

/** The bytes of an ONNX file. */
export function encodeGraph(graph: OnnxGraph): Uint8Array {
  const model = new PbfWriter();
  model.writeVarintField(1, IR_VERSION);
  model.writeStringField(2, 'parley');
  model.writeMessage(7, writeGraph, graph);
  for (const [domain, version] of [
    ['', OPSET],
    ['com.microsoft', 1],
  ] as const) {
    model.writeMessage(8, writeOpset, { domain, version });
  }
  return model.finish();
}

function writeOpset(opset: { domain: string; version: number }, pbf: PbfWriter): void {
  pbf.writeStringField(1, opset.domain);
  pbf.writeVarintField(2, opset.version);
}

function writeGraph(graph: OnnxGraph, pbf: PbfWriter): void {
  for (const node of graph.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, graph.name);
  for (const tensor of graph.tensors) pbf.writeMessage(5, writeTensor, { ...tensor, file: graph.weightsFile });
  for (const value of graph.inputs) pbf.writeMessage(11, writeValue, value);
  for (const value of graph.outputs) pbf.writeMessage(12, writeValue, value);
}

function writeNode(node: OnnxNode, pbf: PbfWriter): void {
  for (const input of node.inputs) pbf.writeStringField(1, input);
  for (const output of node.outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, node.outputs[0] ?? '');
  pbf.writeStringField(4, node.operator);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    pbf.writeMessage(5, writeAttribute, { name, value });
  }
  if (node.domain !== undefined) pbf.writeStringField(7, node.domain);
}

function writeAttribute({ name, value }: { name: string; value: Attribute }, pbf: PbfWriter): void {
  const KIND = { float: 1, int: 2, string: 3, ints: 7 };
  pbf.writeStringField(1, name);
  if (typeof value === 'number') {
    pbf.writeVarintField(3, value);
    pbf.writeVarintField(20, KIND.int);
  } else if (typeof value === 'string') {
    pbf.writeStringField(4, value);
    pbf.writeVarintField(20, KIND.string);
  } else if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    pbf.writeVarintField(20, KIND.float);
  } else {
    for (const int of value) pbf.writeVarintField(8, int);
    pbf.writeVarintField(20, KIND.ints);
  }
}

function writeTensor(tensor: OnnxTensor & { file: string }, pbf: PbfWriter): void {
  const EXTERNAL = 1;
  for (const size of tensor.dimensions) pbf.writeVarintField(1, size);
  pbf.writeVarintField(2, ELEMENT[tensor.type]);
  pbf.writeStringField(8, tensor.name);
  const { content } = tensor;
  if (content instanceof Uint8Array) {
    pbf.writeBytesField(9, content);
    return;
  }
  for (const [key, value] of [
    ['location', tensor.file],
    ['offset', String(content.offset)],
    ['length', String(content.bytes)],
  ] as const) {
    pbf.writeMessage(13, writeEntry, { key, value });
  }
  pbf.writeVarintField(14, EXTERNAL);
}

function writeEntry({ key, value }: { key: string; value: string }, pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}

function writeValue(value: OnnxValue, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.name);
  pbf.writeMessage(
    2,
    (_, type) =>
      type.writeMessage(
        1,
        (_tensor, tensor) => {
          tensor.writeVarintField(1, ELEMENT[value.type]);
          tensor.writeMessage(2, writeShape, value.dimensions);
        },
        value,
      ),
    value,
  );
}

function writeShape(dimensions: OnnxValue['dimensions'], pbf: PbfWriter): void {
  for (const size of dimensions) {
    pbf.writeMessage(
      1,
      (given: number | string, dimension) => {
        if (typeof given === 'number') dimension.writeVarintField(1, given);
        else dimension.writeStringField(2, given);
      },
      size,
    );
  }
}
