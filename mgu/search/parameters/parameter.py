"""What a parameter of a search space can be."""

from mgu.search.parameters.bounds import Float, Int
from mgu.search.parameters.choices import Categorical, Ordinal
from mgu.search.parameters.factors import Factors

Parameter = Categorical | Ordinal | Int | Float | Factors
