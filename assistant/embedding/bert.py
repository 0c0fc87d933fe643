"""A BERT encoder (Devlin et al. 2018), run straight from its weights with torch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    Pair = tuple[Tensor, Tensor]  # weight and bias, or scale and shift
    Linear = Callable[[Tensor], Tensor]


class Bert:
    """Token numbers to token vectors. `weights` and `shape` are those of a Hugging Face BertModel.

    It multiplies in bfloat16 where the processor does so natively: twice as fast, cosine to float32 0.9999.
    Elsewhere in float32, or, if `in_bytes`, in 8-bit integers: 1.7 times as fast, cosine 0.99.
    """

    def __init__(
        self, weights: Mapping[str, Tensor], shape: Mapping[str, float], *, in_bytes: bool = False
    ) -> None:
        import torch

        self.dimension = int(shape["hidden_size"])
        self._heads = int(shape["num_attention_heads"])
        self._epsilon = shape["layer_norm_eps"]
        self._weights = weights
        self._dtype = torch.bfloat16 if has_bfloat16() else torch.float32
        is_exact = self._dtype == torch.bfloat16 or "x86" not in torch.backends.quantized.supported_engines
        linear = _in_bytes if in_bytes and not is_exact else _exact
        self._layers = [self._layer(at, linear) for at in range(int(shape["num_hidden_layers"]))]

    def __call__(self, ids: Tensor, *, held: Tensor | None = None, second: Tensor | None = None) -> Tensor:
        """Token vectors (batch, length, dimension) of token numbers (batch, length), as float32.

        `held` is False where a row is padded; `second` is 1 for tokens of the second of two texts, else 0.
        """
        from torch.nn import functional

        batch, length = ids.shape
        seen = None if held is None else held[:, None, None, :].expand(batch, 1, length, length)
        types = self._weights["embeddings.token_type_embeddings.weight"]
        x = functional.embedding(ids, self._weights["embeddings.word_embeddings.weight"])
        x = x + self._weights["embeddings.position_embeddings.weight"][:length]
        x = x + (types[0] if second is None else functional.embedding(second, types))
        x = self._norm(x, self._pair("embeddings.LayerNorm")).to(self._dtype)
        for layer in self._layers:
            # (query, key or value; batch; head; token; dimension of a head)
            parts = layer.attend(x).view(batch, length, 3, self._heads, -1)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            read = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
            read = layer.attended(read.transpose(1, 2).reshape(x.shape))
            x = self._norm(x + read, layer.attended_norm)
            wide = functional.gelu(layer.widen(x))
            x = self._norm(x + layer.narrow(wide), layer.narrow_norm)
        return x.float()

    def _norm(self, x: Tensor, scale: Pair) -> Tensor:
        from torch.nn import functional

        return functional.layer_norm(x, (self.dimension,), *scale, self._epsilon)

    def _pair(self, name: str) -> Pair:
        return self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]

    def _layer(self, at: int, linear: Callable[[Tensor, Tensor], Linear]) -> _Layer:
        import torch

        def pair(name: str) -> Pair:
            weight, bias = self._pair(f"encoder.layer.{at}.{name}")
            return weight.to(self._dtype), bias.to(self._dtype)

        three = [pair(f"attention.self.{name}") for name in ("query", "key", "value")]
        return _Layer(
            attend=linear(torch.cat([weight for weight, _ in three]), torch.cat([bias for _, bias in three])),
            attended=linear(*pair("attention.output.dense")),
            attended_norm=pair("attention.output.LayerNorm"),
            widen=linear(*pair("intermediate.dense")),
            narrow=linear(*pair("output.dense")),
            narrow_norm=pair("output.LayerNorm"),
        )


def has_bfloat16() -> bool:
    """Whether the processor multiplies in bfloat16 itself; elsewhere that is far slower than float32."""
    import torch

    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _exact(weight: Tensor, bias: Tensor) -> Linear:
    from torch.nn import functional

    return partial(functional.linear, weight=weight, bias=bias)


def _in_bytes(weight: Tensor, bias: Tensor) -> Linear:
    """In 8-bit integers, with a scale for each row of the weight and one for what it is multiplied with."""
    import torch

    scales = (weight.abs().amax(dim=1).clamp(min=1e-12) / 127).double()
    rows = torch.zeros(len(weight), dtype=torch.long)
    with warnings.catch_warnings():  # a later torch makes these tensors another way; this one is pinned
        warnings.filterwarnings("ignore", "torch.quantize_per_tensor", UserWarning)
        rounded = torch.quantize_per_channel(weight, scales, rows, 0, torch.qint8)
    packed = torch.ops.quantized.linear_prepack(rounded, bias)
    # With the last bit of x unused: without it, older processors overflow.
    return lambda x: torch.ops.quantized.linear_dynamic(x, packed, True)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer's matrices with their biases, those of query, key and value in one matrix."""

    attend: Linear
    attended: Linear
    attended_norm: Pair
    widen: Linear
    narrow: Linear
    narrow_norm: Pair
