from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from registers.sorting import compact, natural_key

printed = st.text("0123456789AaBb.-()/ ", min_size=1, max_size=60)


def test_numbers_sort_as_people_read_them() -> None:
    numbers = ["1-1", "4-6", "6-2", "6-2(1)", "6-2(3)", "6-10", "12(a)", "12(b)", "21", "Condition 1.1(a)", "R1.1"]
    assert sorted(numbers, key=natural_key) == numbers != sorted(numbers)


def test_letters_of_either_case_and_leading_zeros_sort_together() -> None:
    assert natural_key("PCEMP-007") == natural_key("pcemp-7") < natural_key("PCEMP-10")


def test_space_inside_a_number_says_nothing_except_between_digits() -> None:
    assert compact(" Condition 8.1 (b) ") == compact("Condition 8.1(b)")
    assert compact("1 1") != compact("11")


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_digits_compare_by_value(one: int, other: int) -> None:
    assert (natural_key(f"6-{one}(a)") < natural_key(f"6-{other}(a)")) == (one < other)


@given(printed)
def test_a_key_fits_its_column_and_depends_on_nothing_but_the_number(number: str) -> None:
    assert len(natural_key(number)) <= 120
    assert natural_key(compact(number)) == natural_key(number)
