"""A distilled model beside its teacher, see ``benchmarks.edge.__main__``."""
