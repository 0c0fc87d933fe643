"""Score the assistant on a data set folder: `docs.jsonl` and `questions.jsonl`.

Every question is answered once without a threshold, so that the whole curve of coverage against precision
comes from one run. Knows nothing of how an answer is chosen.
"""

from assistant.evaluate.dataset import Case, indexed
from assistant.evaluate.figures import compared, summary
from assistant.evaluate.judging import Outcome, holds, run
from assistant.evaluate.report import draw_curve, table

__all__ = ["Case", "Outcome", "compared", "draw_curve", "holds", "indexed", "run", "summary", "table"]
