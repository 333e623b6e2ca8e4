"""LayerNorm followed by ELU as Triton kernels; hsbench.models.hypersound.norm_elu launches them and says what for.

A row is one clip: N = `size` numbers x_i over channels and time. With mean m, variance v and s = 1 / sqrt(v + eps),

    n_i = (x_i - m) s,    u_i = w_i n_i + b_i,    y_i = elu(u_i).

Forward. A row is read in chunks, by one program each. Chunk k of c_k numbers gives its mean m_k and its sum of squares
around that mean, S_k = sum (x_i - m_k)^2. All chunks together (Chan et al. 1979):

    m = (1 / N) sum_k c_k m_k,    N v = sum_k [S_k + c_k (m_k - m)^2].

The second holds since x_i - m = (x_i - m_k) + (m_k - m), and the mixed term (m_k - m) sum (x_i - m_k) of a chunk is 0.
Unlike sum x_i^2 - N m^2, it subtracts no large numbers from each other, so a mean far from zero costs no digits.

Backward. Let g_i = dL / du_i = dL / dy_i elu'(u_i), with elu'(u) = 1 for u > 0 and exp(u) elsewhere, and let
h_i = g_i w_i = dL / dn_i. Over the rows, dL / dw_i = sum g_i n_i and dL / db_i = sum g_i. For x, dm / dx_i = 1 / N,
dv / dx_i = 2 (x_i - m) / N and ds / dx_i = -s^2 n_i / N, so dn_j / dx_i = s (delta_ij - 1 / N - n_i n_j / N). Hence

    dL / dx_i = sum_j h_j dn_j / dx_i = s (h_i - mean(h) - n_i mean(h n)).

Arguments of all kernels: x, y, grad_y (dL / dy) and to_x (dL / dx) are [rows, size]; weight, bias, to_weight and
to_bias are [size]; moments is [rows, 2], m and s of each row; partials has two numbers from every program, in the order
in which the next kernel adds them.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def chunk_moments(x, partials, size, parts, BLOCK: tl.constexpr):
    """Store mean and sum of squares around it, m_k and S_k, of one chunk of a row."""
    row, part = tl.program_id(0), tl.program_id(1)
    index = part * BLOCK + tl.arange(0, BLOCK)
    inside = index < size
    values = tl.load(x + row.to(tl.int64) * size + index, mask=inside, other=0).to(tl.float32)
    mean = tl.sum(values) / tl.minimum(size - part * BLOCK, BLOCK)
    deviation = tl.where(inside, values - mean, 0)
    address = partials + 2 * (row * parts + part)
    tl.store(address, mean)
    tl.store(address + 1, tl.sum(deviation * deviation))


@triton.jit
def normalise_elu(x, weight, bias, partials, y, moments, size, parts, PARTS: tl.constexpr, eps, BLOCK: tl.constexpr):
    """Combine the moments of a row's chunks, store them, and compute y of one chunk."""
    row, part = tl.program_id(0), tl.program_id(1)
    number = tl.arange(0, PARTS)
    counts = tl.maximum(tl.minimum(size - number * BLOCK, BLOCK), 0)
    address = partials + 2 * (row * parts + number)
    means = tl.load(address, mask=number < parts, other=0)
    squares = tl.load(address + 1, mask=number < parts, other=0)
    mean = tl.sum(counts * means) / size
    deviation = means - mean
    scale = 1 / tl.sqrt(tl.sum(squares + counts * deviation * deviation) / size + eps)
    if part == 0:
        tl.store(moments + 2 * row, mean)
        tl.store(moments + 2 * row + 1, scale)
    index = part * BLOCK + tl.arange(0, BLOCK)
    inside = index < size
    first = row.to(tl.int64) * size
    values = tl.load(x + first + index, mask=inside, other=0).to(tl.float32)
    u = (values - mean) * scale * tl.load(weight + index, mask=inside) + tl.load(bias + index, mask=inside)
    tl.store(y + first + index, tl.where(u > 0, u, tl.exp(u) - 1), mask=inside)


@triton.jit
def _gradients(x, weight, bias, moments, grad_y, row, size, index, inside):
    """Return n, g = dL / du and h = dL / dn of some numbers of a row."""
    address = row.to(tl.int64) * size + index
    normal = tl.load(x + address, mask=inside, other=0).to(tl.float32)
    normal = (normal - tl.load(moments + 2 * row)) * tl.load(moments + 2 * row + 1)
    scale = tl.load(weight + index, mask=inside, other=0)
    u = normal * scale + tl.load(bias + index, mask=inside, other=0)
    grad_u = tl.load(grad_y + address, mask=inside, other=0) * tl.where(u > 0, 1.0, tl.exp(u))
    return normal, grad_u, grad_u * scale


@triton.jit
def affine_gradients(
    x, weight, bias, moments, grad_y, partials, to_weight, to_bias, rows, size, columns, BLOCK: tl.constexpr
):
    """Store dL / dw and dL / db of some columns, and of every row the sums of h and of h n over these columns."""
    column = tl.program_id(0)
    index = column * BLOCK + tl.arange(0, BLOCK)
    inside = index < size
    weights, biases = tl.zeros([BLOCK], tl.float32), tl.zeros([BLOCK], tl.float32)
    for row in range(rows):
        normal, grad_u, grad_normal = _gradients(
            x, weight, bias, moments, grad_y, tl.to_tensor(row), size, index, inside
        )
        weights += grad_u * normal
        biases += grad_u
        address = partials + 2 * (row * columns + column)
        tl.store(address, tl.sum(grad_normal))
        tl.store(address + 1, tl.sum(grad_normal * normal))
    tl.store(to_weight + index, weights, mask=inside)
    tl.store(to_bias + index, biases, mask=inside)


@triton.jit
def input_gradient(
    x, weight, bias, moments, grad_y, partials, to_x, size, columns, COLUMNS: tl.constexpr, BLOCK: tl.constexpr
):
    """Store dL / dx of one chunk of a row."""
    row, part = tl.program_id(0), tl.program_id(1)
    number = tl.arange(0, COLUMNS)
    address = partials + 2 * (row * columns + number)
    mean_h = tl.sum(tl.load(address, mask=number < columns, other=0)) / size
    mean_hn = tl.sum(tl.load(address + 1, mask=number < columns, other=0)) / size
    index = part * BLOCK + tl.arange(0, BLOCK)
    inside = index < size
    normal, _, grad_normal = _gradients(x, weight, bias, moments, grad_y, row, size, index, inside)
    gradient = (grad_normal - mean_h - normal * mean_hn) * tl.load(moments + 2 * row + 1)
    tl.store(to_x + row.to(tl.int64) * size + index, gradient.to(to_x.dtype.element_ty), mask=inside)
