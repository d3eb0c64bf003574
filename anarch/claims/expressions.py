"""Which columns an expression of a claim names.

Expressions are those of pandas' ``query`` and ``eval``, less everything that could do more than compute.
"""

import ast

FUNCTIONS = ("abs", "exp", "log", "log10", "sqrt")
ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub,
    ast.Mult, ast.Div, ast.Pow, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In,
    ast.NotIn, ast.Name, ast.Load, ast.Constant, ast.List, ast.Call,
)  # fmt: skip


def columns_of(expression: str, *, condition: bool) -> list[str]:
    """Names of columns in ``expression``, each once; no pandas is needed to tell them.

    Raises:
        ValueError: it cannot be read, holds something that no claim needs, or is a number where a
            ``condition`` is wanted (or the other way round).
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"{expression!r} cannot be read ({error.msg})") from None
    functions: set[ast.AST] = set()
    names: list[str] = []
    for node in ast.walk(tree):
        if not isinstance(node, ALLOWED):
            node_text = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
            raise ValueError(
                f"{expression!r} holds {node_text!r}; allowed are columns, numbers, texts, comparisons, "
                f"arithmetic and {', '.join(FUNCTIONS)}"
            )
        if isinstance(node, ast.Call):
            if not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords):
                raise ValueError(
                    f"{expression!r} calls {ast.unparse(node.func)!r}; functions are {', '.join(FUNCTIONS)}"
                )
            functions.add(node.func)
        if isinstance(node, ast.Name) and node not in functions:
            names.append(node.id)
    if condition != _is_condition(tree.body):
        wanted = "a condition, such as \"model == 'CNN'\"" if condition else "a number, not a condition"
        raise ValueError(f"{expression!r} must be {wanted}")
    return list(dict.fromkeys(names))


def _is_condition(node: ast.expr) -> bool:
    return isinstance(node, ast.BoolOp | ast.Compare) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )
