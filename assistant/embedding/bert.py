"""A BERT encoder (Devlin et al. 2018), run straight from its weights with torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, dtype

    Linear = tuple[Tensor, Tensor]  # weight and bias, or scale and shift


class Bert:
    """Token numbers to token vectors. `weights` and `shape` are those of a Hugging Face BertModel."""

    def __init__(self, weights: Mapping[str, Tensor], shape: Mapping[str, float]) -> None:
        import torch

        self.dimension = int(shape["hidden_size"])
        self._heads = int(shape["num_attention_heads"])
        self._epsilon = shape["layer_norm_eps"]
        self._weights = weights
        # Twice as fast where the processor computes bfloat16 natively; cosine to float32 0.9999.
        native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        kind = torch.bfloat16 if native else torch.float32
        self._layers = [self._layer(at, kind) for at in range(int(shape["num_hidden_layers"]))]

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
        x = self._norm(x, self._pair("embeddings.LayerNorm")).to(self._layers[0].attend[0].dtype)
        for layer in self._layers:
            # (query, key or value; batch; head; token; dimension of a head)
            parts = functional.linear(x, *layer.attend).view(batch, length, 3, self._heads, -1)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            read = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
            read = functional.linear(read.transpose(1, 2).reshape(x.shape), *layer.attended)
            x = self._norm(x + read, layer.attended_norm)
            wide = functional.gelu(functional.linear(x, *layer.widen))
            x = self._norm(x + functional.linear(wide, *layer.narrow), layer.narrow_norm)
        return x.float()

    def _norm(self, x: Tensor, scale: Linear) -> Tensor:
        from torch.nn import functional

        return functional.layer_norm(x, (self.dimension,), *scale, self._epsilon)

    def _pair(self, name: str) -> Linear:
        return self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]

    def _layer(self, at: int, kind: dtype) -> _Layer:
        import torch

        def pair(name: str) -> Linear:
            weight, bias = self._pair(f"encoder.layer.{at}.{name}")
            return weight.to(kind), bias.to(kind)

        three = [pair(f"attention.self.{name}") for name in ("query", "key", "value")]
        return _Layer(
            attend=(torch.cat([weight for weight, _ in three]), torch.cat([bias for _, bias in three])),
            attended=pair("attention.output.dense"),
            attended_norm=pair("attention.output.LayerNorm"),
            widen=pair("intermediate.dense"),
            narrow=pair("output.dense"),
            narrow_norm=pair("output.LayerNorm"),
        )


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer's weights and biases, those of query, key and value in one matrix."""

    attend: Linear
    attended: Linear
    attended_norm: Linear
    widen: Linear
    narrow: Linear
    narrow_norm: Linear
