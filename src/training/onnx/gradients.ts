/**
 * Reverse-mode differentiation: appends to the graph the nodes that compute a scalar's gradient. Only what lies between the
 * scalar and the tensors asked for is differentiated.
 */
import type { Tensor } from './graph';
import { add } from './operations/arithmetic';
import { expand } from './operations/broadcasting';
import { ShapeError, sameShape } from './shape';

/** @returns dLoss/dTensor for each tensor asked for, of that tensor's shape; zeros where the loss does not depend on it */
export function gradients(loss: Tensor, of: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0) throw new ShapeError('gradients', 'only a scalar has a gradient here', [loss.shape]);
  const order = between(loss, of);
  const leads = new Set(order);
  const upstream = new Map<Tensor, Tensor>([[loss, loss.graph.scalar(1)]]);
  for (const tensor of order) {
    const arrived = upstream.get(tensor);
    if (!arrived) continue;
    tensor.inputs.forEach((input, i) => {
      const gradient = tensor.gradients[i];
      if (!gradient || !leads.has(input)) return;
      const share = gradient(arrived);
      if (!sameShape(share.shape, input.shape))
        throw new ShapeError('gradients', `a gradient of ${input.name} has the wrong shape`, [
          share.shape,
          input.shape,
        ]);
      const sofar = upstream.get(input);
      upstream.set(input, sofar ? add(sofar, share) : share);
    });
  }
  return of.map((tensor) => upstream.get(tensor) ?? expand(tensor.graph.scalar(0), tensor.shape));
}

/** The tensors on a path from `of` to the loss, the loss first, each before what it was computed from. */
function between(loss: Tensor, of: readonly Tensor[]): Tensor[] {
  const wanted = new Set(of);
  const leads = new Map<Tensor, boolean>();
  const order: Tensor[] = [];
  // Depth-first with a stack of our own: a deep network must not exhaust the call stack.
  const stack: { tensor: Tensor; next: number }[] = [{ tensor: loss, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const input = top.tensor.inputs[top.next];
    if (top.next < top.tensor.inputs.length) {
      top.next++;
      if (!leads.has(input)) stack.push({ tensor: input, next: 0 });
      continue;
    }
    const { tensor } = top;
    const through = tensor.inputs.some((below, i) => tensor.gradients[i] !== undefined && leads.get(below));
    leads.set(tensor, wanted.has(tensor) || through);
    if (leads.get(tensor)) order.push(tensor);
    stack.pop();
  }
  return order.reverse();
}
