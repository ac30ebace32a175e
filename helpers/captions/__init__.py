"""Lesson 05: pictures described. The networks and their training stand in the lesson itself.

`world`: drawn scenes, sentences about them, and what is true of them. `caption_files`: photographs
with captions, from a folder. `captioning`: words as numbers, photographs as grids. `speaker`: a
trained network's sentences. `scores`: BLEU, truth, attention. `scene_maker`: the widget.
"""
