from minigrad.data.messages import did_you_mean, listing


def test_listing_joins_names():
    assert listing(("a", "b", "c")) == "a, b, c"
    assert listing([]) == ""


def test_listing_cuts_long_lists_and_counts_them():
    assert listing([str(i) for i in range(20)]).endswith("18, 19")
    assert listing([str(i) for i in range(21)]).endswith("18, 19, ... (21 in all)")


def test_listing_stays_on_one_line():
    assert listing(["two\nlines", "b"]) == "two lines, b"


def test_did_you_mean():
    assert did_you_mean("irsi", ["wine", "iris"]) == " (did you mean 'iris'?)"
    assert did_you_mean("something else", ["wine", "iris"]) == ""
