"""From files to facts: frames of scores, statistics, published numbers, comparability."""
